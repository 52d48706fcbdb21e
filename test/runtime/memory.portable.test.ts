/** Tests the memory of long trainings on the portable engine. */
import { testMemoryOn } from '../support/memory-tests.ts';

testMemoryOn('portable');
