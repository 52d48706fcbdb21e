/** Recognizes files of other versions of Spadework by their format, `spadework/2` where `spadework/1` is known. */
import { error, type Diagnostic } from '../../dsl/diagnostic.ts';
import type { Span } from '../../dsl/source.ts';
import { inWords } from '../../dsl/words.ts';

/** Splits a format into its name and its number. */
function partsOf(format: unknown): { readonly name: string; readonly version: number } | undefined {
  const [, name, version] = typeof format === 'string' ? (/^([a-z-]+)\/(\d{1,9})$/.exec(format) ?? []) : [];
  return name === undefined ? undefined : { name, version: Number(version) };
}

/**
 * Reports a file of another version, with what to do about it; undefined if `found` is no format of the same name as the `known` ones.
 * `what` names the file.
 */
export function otherVersion(
  what: string,
  found: unknown,
  known: readonly string[],
  place?: Span,
): Diagnostic | undefined {
  const own = partsOf(found);
  const versions = known.flatMap((format) => partsOf(format) ?? []);
  if (!own || known.includes(String(found)) || !versions.some(({ name }) => name === own.name))
    return undefined;
  const isLater = versions.every(({ version }) => own.version > version);
  return error(
    'other-version',
    `${what} is in the format ${String(found)}; this version of Spadework reads ${inWords(known)}`,
    place,
    {
      hint: isLater
        ? 'it was written by a later version: npm install spadework@latest'
        : 'take the version that wrote it; CHANGELOG.md lists the formats of each version',
    },
  );
}
