import { describe } from 'vitest';
import { testDiscriminatorOn, testEncodingOn, testLayersOn, testTrainingOn } from './parity-tests.ts';

describe('parity with the official code on the portable engine', () => {
  testLayersOn('portable');
  testEncodingOn('portable');
  testDiscriminatorOn('portable');
  testTrainingOn('portable');
});
