/** Answers for what others use of explanations. */
export { explain, type ExplainOptions, type Explanation, type PhaseTime } from './explain.ts';
export { renderExplanation, type RenderOptions } from './render.ts';
