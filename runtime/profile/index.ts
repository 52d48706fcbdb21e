/** Answers for what the command may use of profiles. */
export {
  phases,
  type BlockPart,
  type LinePart,
  type OpPart,
  type Part,
  type Phase,
  type Profile,
} from './profile.ts';
export { renderProfile } from './text.ts';
export { profileStep, type ProfiledStep, type ProfileOptions } from './run.ts';
