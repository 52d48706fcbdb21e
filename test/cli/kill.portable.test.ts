/** Tests killing runs on the portable engine. */
import { testKillingOn } from '../support/kill-tests.ts';

testKillingOn('portable', { runs: 2, kills: 10 });
