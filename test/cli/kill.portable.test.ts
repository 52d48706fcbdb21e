/**
 * Tests killing runs on the portable engine.
 *
 * @module-tag full
 */
import { testKillingOn } from '../support/kill-tests.ts';

testKillingOn('portable', { runs: 2, kills: 10 });
