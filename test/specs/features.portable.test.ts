import { describe } from 'vitest';
import { testFeaturesOn } from './features-tests.ts';

describe('feature networks on the portable engine', () => testFeaturesOn('portable'));
