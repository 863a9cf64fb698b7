from tests.browser.test_phone_offline import *
def test_dbg(handset, live):
    login,_=new_member(live,"x")
    handset.page.on("response", lambda r: print(r.status, r.url))
    handset.open(); handset.sign_in(login); handset.page.wait_for_timeout(6000)
    print(handset.page.inner_text("body")); print(handset.said)
    print(handset.page.evaluate("async()=>{const r=await fetch('/api/v1/field/plan');return [r.status,(await r.text()).slice(0,1500)]}"))
