import { testModelsOn } from '../support/model-tests.ts';

testModelsOn('portable');
