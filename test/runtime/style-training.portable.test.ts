/** Tests trainings with encoders, loaded networks and parts of batches on the portable engine. */
import { testStyleTrainingOn } from '../support/style-training-tests.ts';

testStyleTrainingOn('portable');
