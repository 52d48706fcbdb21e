/** Answers for what others use of explanations. */
export {
  explain,
  memoryOfStep,
  type ExplainedStep,
  type ExplainOptions,
  type Explanation,
  type PhaseTime,
  type StepMemory,
} from './explain.ts';
export { drawNetwork, type DrawingOptions } from './drawing.ts';
export { explainLocality, labelInputs, type LocalGroup, type LocalityExplanation } from './locality.ts';
export { explainAblation, type Matrix, type MatrixOptions, type MatrixRow } from './matrix.ts';
export {
  align,
  formatBytes,
  formatCount,
  renderExplanation,
  renderLocality,
  type RenderOptions,
} from './render.ts';
