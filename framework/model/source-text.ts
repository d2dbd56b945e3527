/**
 * Source text: what can only be learnt from a function's own text.
 *
 * Owns: blanking comments, strings, templates and regular expressions; finding `#private` names and parameters.
 *
 * Invariants: blanking keeps positions and delimiters; code inside `${…}` of a template stays code; a slash that
 * cannot be told is read as the beginning of a regular expression only if one ends on the same line.
 */

type Method = (...args: never[]) => unknown;

const PRIVATE_NAME = /#[\p{ID_Start}$_][\p{ID_Continue}$]*/u;
/** What compilers for older targets make of `#private` names. */
const LOWERED_PRIVATE = /\b(?:__classPrivateField\w+|_class_private_\w+|_classPrivate\w+)\b/;
const BEFORE_REGEXP =
  /(?:^|[([{},;=:!&|?+\-*%~^<>]|(?:^|[^\w$.])(?:return|typeof|in|of|void|throw|case|do|else|yield|await))\s*$/;
const REGEXP = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const PLAIN_TOKENS = [/\/\/[^\n]*/y, /\/\*[^]*?\*\//y, /'(?:[^'\\]|\\[^])*'/y, /"(?:[^"\\]|\\[^])*"/y];
/** From a backquote, or from the brace that ends an expression, to the next expression or the end. */
const TEMPLATE = /[`}](?:[^`\\$]|\\[^]|\$(?!\{))*(?:`|\$\{)/y;

/** The first `#private` name a class uses, or null. A class inside one of its methods counts too. */
export function privateName(source: string): string | null {
  const code = blank(source);
  return (PRIVATE_NAME.exec(code) ?? LOWERED_PRIVATE.exec(code))?.[0] ?? null;
}

/** True when the class text has a constructor of its own. */
export function hasConstructor(source: string): boolean {
  return /(?:^|[^.\w$#])constructor\s*\(/.test(blank(source));
}

/** Whether a function has parameters at all, and whether the last is a rest parameter. */
export function parametersOf(method: Method): { any: boolean; rest: boolean } {
  const list = parameterList(method);
  return { any: list.trim() !== '', rest: /(?:^|,)\s*\.\.\.[^,]*$/.test(list) };
}

/** The text between the parentheses, without the content of inner brackets. */
function parameterList(method: Method): string {
  const code = blank(Function.prototype.toString.call(method));
  let depth = 0;
  let list = '';
  for (const char of code.slice(code.indexOf('('))) {
    if (')]}'.includes(char)) depth--;
    if (depth === 0 && char === ')') break;
    if (depth === 1) list += char;
    if ('([{'.includes(char)) depth++;
  }
  return list.slice(list.startsWith('(') ? 1 : 0);
}

/** The source with everything but code replaced by spaces. */
export function blank(source: string): string {
  let out = '';
  let braces = 0;
  const templates: number[] = [];
  while (out.length < source.length) {
    const char = source[out.length]!;
    const resumes = char === '}' && templates.at(-1) === braces;
    const text = char === '`' || resumes ? match(TEMPLATE, source, out.length) : token(source, out);
    if (text === '') {
      if (char === '{') braces++;
      if (char === '}') braces--;
      out += char;
      continue;
    }
    if (resumes) templates.pop();
    if ((char === '`' || resumes) && text.endsWith('${')) templates.push(braces);
    out += text.length < 2 ? text : text[0]! + ' '.repeat(text.length - 2) + text.at(-1)!;
  }
  return out;
}

/** The comment, string or regular expression that begins where `before` ends; empty when code goes on. */
function token(source: string, before: string): string {
  for (const pattern of PLAIN_TOKENS) {
    const text = match(pattern, source, before.length);
    if (text !== '') return text;
  }
  return source[before.length] === '/' && BEFORE_REGEXP.test(before.slice(-40))
    ? match(REGEXP, source, before.length)
    : '';
}

function match(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? '';
}
