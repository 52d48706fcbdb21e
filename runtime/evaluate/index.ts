/** Answers for what the rest of the program may use of evaluations. */
export { evaluate } from './evaluate.ts';
export type { EvaluateOptions, JudgeOptions, PerceptualOptions } from './options.ts';
export { renderEvaluation } from './text.ts';
export { comparable, protocolIdOf } from './protocol.ts';
export {
  evalFormat,
  evaluationText,
  type EvalRecord,
  type JudgeRecord,
  type Metric,
  type Protocol,
} from './record.ts';
