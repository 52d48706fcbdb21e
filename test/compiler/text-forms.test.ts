/**
 * Tests texts of other editors and systems (byte order marks, Windows line ends, tabs): places and edits stay right.
 */
import { describe, expect, it } from 'vitest';
import { check, checkJson } from '../../compiler/index.ts';
import { applyEdits, renderDiagnostics, type Diagnostic } from '../../dsl/index.ts';
import { positionAt, type Source } from '../../dsl/source.ts';
import { provider } from '../support/specs.ts';

const text = `network Painter(seg: LabelMap) -> Image {
\tx = rlu(seg |> conv(8))
\tlast = if x.channels = 8 then x else spade(x, seg)
\treturn x |> instance |> conv(3)
}
`;
const lateUse = `block f(x) {\n\treturn x\n}\nuse norms { batch }\n`;

const diagnosticsOf = (source: Source): readonly Diagnostic[] => check(source, provider()).diagnostics;
const placesOf = (source: Source): string[] =>
  diagnosticsOf(source).map(({ span, message }) => {
    const { line, column } = span ? positionAt(span.source, span.start) : { line: 0, column: 0 };
    return `${line}:${column} ${message}`;
  });

/** Applies all edits one by one. */
function mended(given: string): string {
  let now = given;
  for (let turn = 0; turn < 10; turn += 1) {
    const source = { name: 'x.spade', text: now };
    const [fixable] = diagnosticsOf(source).filter(({ fix }) => fix.length > 0);
    if (!fixable) break;
    now = applyEdits(source, fixable.fix);
  }
  return now;
}

const forms = [
  { form: 'line ends of Windows', as: (plain: string) => plain.replaceAll('\n', '\r\n') },
  { form: 'a byte order mark', as: (plain: string) => `\uFEFF${plain}` },
  { form: 'both', as: (plain: string) => `\uFEFF${plain.replaceAll('\n', '\r\n')}` },
];

describe.each(forms)('a text with $form', ({ as }) => {
  it.each([text, lateUse, 'netwrk N(x: Image) { return x }\n'])(
    'has the places of the plain one',
    (plain) => {
      const places = placesOf({ name: 'x.spade', text: plain });
      expect(places).not.toEqual([]);
      expect(placesOf({ name: 'x.spade', text: as(plain) })).toEqual(places);
    },
  );

  it.each([text, lateUse])('is shown as the plain one is', (plain) => {
    const shown = (given: string): string =>
      renderDiagnostics(diagnosticsOf({ name: 'x.spade', text: given }), { color: false });
    expect(shown(as(plain))).toBe(shown(plain));
  });

  it.each([text, lateUse])('is mended as the plain one is, with its own line ends', (plain) => {
    expect(mended(plain)).not.toBe(plain);
    expect(mended(as(plain))).toBe(as(mended(plain)));
  });

  it('is read as JSON, with the places of the plain one', () => {
    const json = '{\n\t"format": "spadework/1",\n\t"nam": "small"\n}\n';
    const shown = (given: string): string =>
      renderDiagnostics(checkJson({ name: 'x.json', text: given }).diagnostics, { color: false });
    expect(shown(json)).toContain("did you mean 'name'?");
    expect(shown(as(json))).toBe(shown(json));
  });
});
