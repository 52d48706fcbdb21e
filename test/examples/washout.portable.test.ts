import { describe } from 'vitest';
import { testWashoutOn } from './washout-tests.ts';

describe('what norms leave of a label, on the portable engine', () => {
  testWashoutOn('portable');
});
