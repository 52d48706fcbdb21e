/** Tests rendered diagnostics: frames, several labels, several files, colors and the closing count. */
import { describe, expect, it } from 'vitest';
import { renderDiagnostic, renderDiagnostics, type Diagnostic } from '../../dsl/diagnostic.ts';
import { span, type Source } from '../../dsl/source.ts';

const source: Source = {
  name: 'resnet.spade',
  text: [
    'a = 1',
    'h = conv(x)',
    '',
    'y = concat(h, seg)',
    '\treturn\ty',
    `long = ${'x'.repeat(300)}end`,
  ].join('\n'),
};

/** Finds the place of a word. */
function at(word: string, within: Source = source) {
  const start = within.text.indexOf(word);
  return span(within, start, start + word.length);
}

function diagnostic(changes: Partial<Diagnostic>): Diagnostic {
  return {
    code: 'concat-shape',
    severity: 'error',
    message: 'concat operands differ',
    span: undefined,
    labels: [],
    notes: [],
    hint: undefined,
    fix: [],
    ...changes,
  };
}

function render(changes: Partial<Diagnostic>): string {
  return `\n${renderDiagnostic(diagnostic(changes), { color: false })}\n`;
}

describe('a rendered diagnostic', () => {
  it('underlines several places, each with its text', () => {
    const labels = [
      { span: at('conv(x)'), text: '[1, 256, 256, 64]' },
      { span: at('h, seg'), text: 'first' },
      { span: at('seg'), text: '[1, 128, 128, 35]' },
    ];
    const notes = ['constraint C2 of concat: all other axes are equal'];
    expect(render({ span: at('concat'), labels, notes, hint: 'resize seg first' })).toMatchInlineSnapshot(`
      "
      error[concat-shape]: concat operands differ
        resnet.spade:4:5
        |
      2 | h = conv(x)
        |     ------- [1, 256, 256, 64]
      3 |
      4 | y = concat(h, seg)
        |     ^^^^^^ ------ [1, 128, 128, 35]
        |            first
        = constraint C2 of concat: all other axes are equal
        = hint: resize seg first
      "
    `);
  });

  it('shows a second file in a frame of its own', () => {
    const other: Source = { name: 'norms.spade', text: 'block spade(x) {}' };
    const labels = [{ span: at('spade', other), text: 'declared here' }];
    expect(render({ span: at('seg'), labels })).toMatchInlineSnapshot(`
      "
      error[concat-shape]: concat operands differ
        resnet.spade:4:15
        |
      4 | y = concat(h, seg)
        |               ^^^
        norms.spade:1:7
        |
      1 | block spade(x) {}
        |       ----- declared here
      "
    `);
  });

  it('keeps underlines in place behind tabs', () => {
    expect(render({ span: at('return\ty') })).toMatchInlineSnapshot(`
      "
      error[concat-shape]: concat operands differ
        resnet.spade:5:2
        |
      5 |     return    y
        |     ^^^^^^^^^^^
      "
    `);
  });

  it('cuts wide lines around the place', () => {
    expect(render({ span: at('end') })).toMatchInlineSnapshot(`
      "
      error[concat-shape]: concat operands differ
        resnet.spade:6:308
        |
      6 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxend
        |                                                                                                            ^^^
      "
    `);
  });

  it('does without a place', () => {
    expect(render({ hint: 'write one' })).toMatchInlineSnapshot(`
      "
      error[concat-shape]: concat operands differ
      hint: write one
      "
    `);
  });

  it('shows by their numbers the signs that nobody sees, and underlines at the right columns', () => {
    const source = { name: 'a\u001b[2Jb.spade', text: 'x = "\u001b[31m\u202e" + y\r z' };
    const shown = renderDiagnostic(
      diagnostic({
        span: at('y', source),
        message: 'no \u0007 here\nerror: none',
        labels: [{ span: at('"\u001b[31m\u202e"', source), text: 'of \u2066 this' }],
        notes: ['a \u009b b'],
        hint: 'write \u200b it',
      }),
      { color: false },
    );
    expect(`\n${shown}\n`).toMatchInlineSnapshot(`
      "
      error[concat-shape]: no \\u{7} here\\u{a}error: none
        a\\u{1b}[2Jb.spade:1:16
        |
      1 | x = "\\u{1b}[31m\\u{202e}" + y\\u{d} z
        |     --------------------   ^
        |     of \\u{2066} this
        = a \\u{9b} b
        = hint: write \\u{200b} it
      "
    `);
    expect(shown).toMatch(/^[\n -~]*$/);
  });

  it('cuts off what would be said of a name of any length', () => {
    const name = 'n'.repeat(100_000);
    const named = { name: 'long.spade', text: name };
    const shown = renderDiagnostic(
      diagnostic({ span: at(name, named), message: `nothing is called '${name}'` }),
      {
        color: false,
      },
    );
    expect(shown.length).toBeLessThan(5000);
  });

  it('is colored only when asked', () => {
    const shown = diagnostic({ span: at('seg') });
    expect(renderDiagnostic(shown, { color: true })).toContain('\u001b[31m');
    expect(renderDiagnostic(shown, { color: false })).not.toContain('\u001b');
  });
});

describe('rendered diagnostics', () => {
  it('stand in source order and are counted', () => {
    const list = [
      diagnostic({ code: 'second', span: at('concat') }),
      diagnostic({ code: 'first', span: at('a = 1'), severity: 'warning' }),
      diagnostic({ code: 'third', span: at('end') }),
    ];
    const text = renderDiagnostics(list, { color: false });
    expect(text.match(/\[\w+\]/g)).toEqual(['[first]', '[second]', '[third]']);
    expect(text.endsWith('\n\n2 errors, 1 warning\n')).toBe(true);
  });

  it('are an empty text when there are none', () => {
    expect(renderDiagnostics([], { color: false })).toBe('');
  });
});
