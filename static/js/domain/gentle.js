// @ts-check
// Words about a place may be written, words about a person are gently kept out. Pure, and the same as
// app/incidents/rules.py: tests/incidents/gentle_cases.json holds both to one table. No lookbehind: old iPhones lack it.

/** @typedef {"identity"|"call_number"|"vehicle"|"dwelling"|"person"} Found */

const UNSEEN = /[\u200b-\u200f\u2060\ufeff\u00ad]/g;
const BETWEEN_DIGITS = /([0-9])[\s\-‐-―.·_()]+(?=[0-9])/g;
const ID_18 = /(?:^|[^0-9])([0-9]{17}[0-9X])(?![0-9A-Z])/gi;
const ID_15 = /(?:^|[^0-9])([0-9]{15})(?![0-9])/g;
const NUMBERS = [
  /(?:^|[^0-9])(?:\+?86|0086)?1[3-9][0-9]{9}(?![0-9])/,
  /(?:^|[^0-9])(?:\+?86|0086)?\(?0[1-9][0-9]{1,2}\)?[0-9]{7,8}(?![0-9])/,
  /(?:电话|手机|致电|拨打|热线|联系|微信|tel|phone|call)[^0-9]{0,6}[0-9]{7,12}(?![0-9])/i,
];
const PLATE =
  /[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领]\s?[A-Z][\s·•.-]{0,2}[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]/i;
const SURNAMES =
  "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方" +
  "石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
const ENDS_A_PLACE = "村湾桥庄店镇乡塘沟坡台河港集巷街路岗寨洲墩畈坪山屋垸园";
const DWELLINGS = [
  /[\u4e00-\u9fff](?:某|先生|女士|大爷|大妈)的?家/,
  /(?:某|(?:^|[^其])[他她](?:们)?)的?家(?:里|中|门(?!店)|窗|院|旁|前|后|住|$|[^\u4e00-\u9fff])/,
  new RegExp(`[老小阿][${SURNAMES}]的?家(?![${ENDS_A_PLACE}])`),
  /[0-9一二三四五六七八九十]单元.{0,4}[0-9]{3,4}(?![0-9])/,
  /[0-9]{1,4}室.{0,6}[住户家]/,
  /(?:^|[^A-Za-z])[A-Z][a-z]+['’]s\s+(?:house|home|flat|apartment|door)/,
  /\b(?:his|her|their)\s+(?:house|home|flat|apartment|door)\b/i,
];
const SOMEBODY =
  "(?:老人|小孩|孩子|男孩|女孩|男子|女子|青年|小伙|老头|老太|大爷|大妈|醉汉|学生|工人|司机|老乡|" +
  "人(?![行工防民流力口造])|[男女](?![厕卫]))";
const PERSONS = [
  new RegExp(`(?:有一?|[那这])(?:[个名位]|[几两三四五]个)(?:[\\u4e00-\\u9fff]{0,8}的)?[\\u4e00-\\u9fff]{0,2}?${SOMEBODY}`),
  new RegExp(`[一两三四五几][名位][\\u4e00-\\u9fff]{0,4}?${SOMEBODY}`),
  /有人.{0,8}(?:穿|戴|长得|姓|名叫|叫做|住在)/,
  /男子|女子|男的|女的|醉汉|流浪汉|外地人|陌生人|可疑人|嫌疑人|户主/,
  new RegExp(`[${SURNAMES}](?:某(?![处地个种条段路村天时日月年人些])|先生|女士|大爷|大妈|师傅|阿姨|老师)`),
  /(?:^|[^其])[他她](?:们)?(?:经常|总是|每天|又|就|是|住|在|说)/,
  /\b(?:an?|the|some|this|that|one|two|three)\s+(?:[a-z]+\s+){0,2}?(?:man|men|woman|women|person|guy|lady|boy|girl|kid|child|teenager|drunk|stranger)(?![a-z-]|\s*hole)/i,
  /\b(?:person|man|woman|someone|somebody|people|guy)\s+(?:who|that|named|called|living|wearing)\b/i,
  /\b(?:he|she)\s+(?:is|was|lives|looks|has|had|always|often)\b/i,
  /\b(?:[Mm]rs?|[Mm]s|[Mm]iss)\.?\s+[A-Z][a-z]+/,
];
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/**
 * What in these words would be about a person, in the order in which it is said; empty for words about a place.
 * @param {string} text @returns {Found[]}
 */
export function wordsAboutPeople(text) {
  const plain = text.normalize("NFKC").replace(UNSEEN, "");
  const closed = plain.replace(BETWEEN_DIGITS, "$1");
  const tries = [plain, closed];
  /** @type {Found[]} */
  const found = [];
  if (tries.some(hasIdentity)) found.push("identity");
  if (tries.some((one) => NUMBERS.some((p) => p.test(one)))) found.push("call_number");
  if (PLATE.test(plain)) found.push("vehicle");
  if (DWELLINGS.some((p) => p.test(plain))) found.push("dwelling");
  if (PERSONS.some((p) => p.test(plain))) found.push("person");
  return found;
}

/** 18 digits whose last one is right, or 15 digits that hold a day. @param {string} text */
function hasIdentity(text) {
  const long = [...text.matchAll(ID_18)].some((m) => checkLetter(m[1]) === m[1][17].toUpperCase());
  return long || [...text.matchAll(ID_15)].some((m) => isDay(Number(m[1].slice(8, 10)), Number(m[1].slice(10, 12))));
}

/** GB 11643: the 18th letter of the 17 digits before it. @param {string} digits */
function checkLetter(digits) {
  return "10X98765432"[WEIGHTS.reduce((sum, w, n) => sum + w * Number(digits[n]), 0) % 11];
}

/** @param {number} month @param {number} day */
function isDay(month, day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
