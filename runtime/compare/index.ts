/** Answers for what the command may use of comparisons. */
export { compare, type CompareOptions, type CompareResult } from './compare.ts';
