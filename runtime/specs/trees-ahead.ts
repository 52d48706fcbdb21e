/** Holds the syntax trees of the standard library by digests of their texts: none here, where its texts may change; bundles have them. */
export const treesAhead: Readonly<Record<string, string>> = {};
