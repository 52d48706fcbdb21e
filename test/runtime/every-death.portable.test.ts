/** Tests resuming runs that died at a write, on the portable engine: a sample of all states, spread evenly. */
import { testDeathsOn } from '../support/death-tests.ts';

testDeathsOn('portable', { each: 5 });
