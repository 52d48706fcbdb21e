/** Recognizes files of other versions of Spadework by their format, `spadework/2` where `spadework/1` is known. */
import { error, type Diagnostic } from '../../dsl/diagnostic.ts';
import type { Span } from '../../dsl/source.ts';
import { inWords } from '../../dsl/words.ts';

/** Splits a format into its name and its number. */
function partsOf(format: unknown): { readonly name: string; readonly version: number } | undefined {
  const [, name, version] = typeof format === 'string' ? (/^([a-z-]+)\/(\d{1,9})$/.exec(format) ?? []) : [];
  return name === undefined ? undefined : { name, version: Number(version) };
}

/** Tells whether a value is a format of the same name as one of the `known` ones, with another number than all of them. */
export function isOtherVersion(found: unknown, known: readonly string[]): found is string {
  const own = partsOf(found);
  const isKnown = known.some((format) => format === found);
  return own !== undefined && !isKnown && known.some((format) => partsOf(format)?.name === own.name);
}

/** Reports a file in the format `found` of another version, with what to do about it; `what` names the file. */
export function otherVersion(
  what: string,
  found: string,
  known: readonly string[],
  place?: Span,
): Diagnostic {
  const versionOf = (format: string): number => partsOf(format)?.version ?? 0;
  const isLater = known.every((format) => versionOf(found) > versionOf(format));
  return error(
    'other-version',
    `${what} is in the format ${found}; this version of Spadework reads ${inWords(known)}`,
    place,
    {
      hint: isLater
        ? 'it was written by a later version: npm install spadework@latest'
        : 'take the version that wrote it; CHANGELOG.md lists the formats of each version',
    },
  );
}
