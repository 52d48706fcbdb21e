/** Tests training on the portable engine. */
import { testTrainingOn } from '../support/training-tests.ts';

testTrainingOn('portable');
