/** Tests that text from users is escaped in each output medium. */
import { describe, expect, it } from 'vitest';
import {
  forCsv,
  forHtml,
  forLatex,
  forMarkdown,
  forTerminal,
  jsonForTerminal,
  visible,
} from '../../dsl/escape.ts';

/** An invisible character of each kind, by code point. */
const unseen = [
  ...[0x0, 0x7, 0x8, 0x9, 0xa, 0xd, 0x1b, 0x1f, 0x7f, 0x80, 0x9b, 0x9d, 0x9f, 0xad],
  ...[0x61c, 0x180e, 0x200b, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060],
  ...[0x2066, 0x2067, 0x2068, 0x2069, 0xd800, 0xdfff, 0xfeff, 0xfffb, 0xe0041, 0x3164],
];

describe('signs that are not seen', () => {
  it.each(unseen)('are shown by their number: %d', (code) => {
    const sign = String.fromCodePoint(code);
    const shown = `\\u{${code.toString(16)}}`;
    expect(visible(`a${sign}b`)).toBe(`a${shown}b`);
    const isLayout = sign === '\n' || sign === '\t';
    expect(forTerminal(sign, true)).toBe(isLayout ? sign : shown);
    expect(forHtml(sign)).toBe(isLayout ? sign : shown);
    expect(forCsv(`a${sign}`)).not.toMatch(/[^\t\r\n -~]/);
    expect(forMarkdown(sign)).toMatch(/^[ -~]+$/);
    expect(forLatex(sign)).toMatch(/^[ -~]+$/);
    expect(JSON.parse(jsonForTerminal(JSON.stringify([sign], undefined, 1)))).toEqual([sign]);
    expect(jsonForTerminal(JSON.stringify([sign], undefined, 1))).toMatch(/^[\n -~]+$/);
  });

  it('leave letters of every script, signs and pictures alone', () => {
    const text = 'Straße, 道路, дорога, طريق, ♥, 🚲, ±, é';
    for (const write of [visible, forHtml, forMarkdown, forCsv, (it: string) => forTerminal(it, false)])
      expect(write(text)).toContain('道路, дорога, طريق, ♥, 🚲');
  });
});

describe('a terminal', () => {
  const red = '\u001b[31m';
  it('gets our colors where it shows them, and no other sequence', () => {
    expect(forTerminal(`${red}a\u001b[39m`, true)).toBe(`${red}a\u001b[39m`);
    expect(forTerminal(`${red}a`, false)).toBe('\\u{1b}[31ma');
    for (const sequence of ['\u001b[2J', '\u001b[8m', '\u001b]0;x\u0007', '\u001b[1;31m', '\u009b31m'])
      expect(
        [...forTerminal(`${red}${sequence}`, true).slice(red.length)].filter(
          (sign) => sign < ' ' || sign === '\u009b',
        ),
      ).toEqual([]);
  });
});

describe('a cell of Markdown', () => {
  it.each([
    ['a|b', 'a\\|b'],
    ['<img src=x onerror=alert(1)>', '\\<img src=x onerror=alert(1)\\>'],
    ['[a](javascript:alert(1))', '\\[a\\](javascript:alert(1))'],
    ['`x` **y** ~~z~~', '\\`x\\` \\*\\*y\\*\\* \\~\\~z\\~\\~'],
    ['a\\|b', 'a\\\\\\|b'],
    ['two\nlines', 'two\\\\u{a}lines'],
    ['https://example.org www.example.org', 'https\\://example.org www\\.example.org'],
    ['&lt;b&gt;', '\\&lt;b\\&gt;'],
    ['gan_generator _x_', 'gan_generator \\_x\\_'],
  ])('shows %j as it is', (text, written) => {
    expect(forMarkdown(text)).toBe(written);
  });
});

describe('a field of CSV', () => {
  it.each([
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ['+1', "'+1"],
    ['-2+3', "'-2+3"],
    ['@SUM(1+1)', "'@SUM(1+1)"],
    [' =1', "' =1"],
    ['\t=1', "'\t=1"],
    ['\rx', '"\'\rx"'],
    ['\uff1d1', "'\uff1d1"],
    ['a,"b"', '"a,""b"""'],
    ['a=b', 'a=b'],
  ])('shows %j as it is', (text, written) => {
    expect(forCsv(text)).toBe(written);
  });
});

describe('LaTeX', () => {
  it('commands nothing', () => {
    expect(forLatex('\\input{/etc/passwd}')).toBe('\\textbackslash{}input\\{/etc/passwd\\}');
    expect(forLatex('a_b & 5% #1 $x$ ~ ^')).toBe(
      'a\\_b \\& 5\\% \\#1 \\$x\\$ \\textasciitilde{} \\textasciicircum{}',
    );
  });

  it.each([
    ['"a b" and ("c", "d")', "``a b'' and (``c'', ``d'')"],
    ['names: ["sky"]/"x"', "names: [``sky'']/``x''"],
    ['5" and "', "5'' and ''"],
    ['""', "``''"],
    ['a="b" {"c"}', "a=``b'' \\{``c''\\}"],
    ['"{a}"', "``\\{a\\}''"],
  ])('opens and closes quotation marks: %s', (text, written) => {
    expect(forLatex(text)).toBe(written);
  });
});

describe('a page', () => {
  it('holds text in elements and attributes', () => {
    expect(forHtml('<b a="1" c=\'2\'>&')).toBe('&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;');
  });
});
