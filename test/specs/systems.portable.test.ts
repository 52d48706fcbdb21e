import { describe } from 'vitest';
import { testNetworksOn } from './systems-tests.ts';

describe('systems of the field on the portable engine', () => {
  testNetworksOn('portable');
});
