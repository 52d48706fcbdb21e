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
export { renderExplanation, renderLocality, type RenderOptions } from './render.ts';
