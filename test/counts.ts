/** Counts passed, failed and skipped tests in vitest's report of a tier. */

/** The fields of the report that are read. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly tags?: readonly string[];
    }[];
  }[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** The number of tests skipped for each need, by tag. */
  readonly skipped: ReadonlyMap<string, number>;
  /** Tests skipped although none of their needs is missing; they count as failed. */
  readonly unexplained: readonly string[];
}

/** Counts tests, of one tier or all; `missing` are the tags of needs that are missing on this machine. */
export function countTests(
  { testResults }: Report,
  missing: readonly string[],
  tier?: 'quick' | 'full',
): Counts {
  // A file that cannot be loaded, or without tests, has no failed test, but counts as a failure.
  let failed = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  let passed = 0;
  const skipped = new Map<string, number>();
  const unexplained: string[] = [];
  for (const { status, fullName, tags = [] } of testResults.flatMap((file) => file.assertionResults)) {
    if (status === 'passed') passed++;
    else if (status === 'failed') failed++;
    else if (tier === undefined || tags.includes('full') === (tier === 'full')) {
      const tag = tags.find((one) => missing.includes(one));
      if (tag === undefined) unexplained.push(fullName);
      else skipped.set(tag, (skipped.get(tag) ?? 0) + 1);
    }
  }
  return { passed, failed: failed + unexplained.length, skipped, unexplained };
}
