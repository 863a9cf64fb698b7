"""gunicorn for `make run` and for the service unit. Numbers come from the environment; see docs/configuration.md.

gevent, because a board holds a stream open for hours and sixty of them starve a pool of threads.
"""

import gc
import os

worker_class = "gevent"
# The control socket would lie in the home folder, shared by every gunicorn of this user.
control_socket_disable = True
workers = int(os.environ.get("XUNFANG_WEB_WORKERS", "2"))
worker_connections = 400
# The gevent worker patches the standard library when it starts, and psycopg waits through what was patched. Loading
# the application before the fork would import psycopg unpatched, so it is loaded in the worker.
preload_app = False
# gevent waits its whole grace for open streams: phones and boards come back by themselves, so the grace is short.
graceful_timeout = int(os.environ.get("XUNFANG_GRACE_S", "5"))
timeout = 60
keepalive = 15
# Leaks of native libraries end with the worker; the jitter keeps the workers from stopping together.
max_requests = int(os.environ.get("XUNFANG_WORKER_REQUESTS", "20000"))
max_requests_jitter = 2000
# A heartbeat file on a disk can stall the worker while the disk is busy.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
# Whose X-Forwarded-* gunicorn believes: only the proxy on this machine.
forwarded_allow_ips = os.environ.get("XUNFANG_PROXY_IPS", "127.0.0.1,::1")
loglevel = os.environ.get("XUNFANG_LOG_LEVEL", "info")
# No access log: an address names who was where, and the URL of a tile names where. The application writes its own.
accesslog = None
errorlog = "-"


def post_fork(server, worker):
    """Loading makes little that is thrown away: looking for it a hundred times is a seventh of a start."""
    gc.disable()


def post_worker_init(worker):
    """What was loaded stays: the collector need not walk through it again and again while people wait."""
    gc.enable()
    gc.collect()
    gc.freeze()
