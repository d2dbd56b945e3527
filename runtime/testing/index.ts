/** `perdure/testing`: entities in tests and on virtual time, in process, without services. */

import '../node-floor';

export { serve } from '../node';
export type { EntityDescription, HeldDescription, HistoryEntry } from '../wire/description';
export type { ExportedHistory, ExportedRow } from './exported-history';
export { replay } from './replay';
export type { Replayed, ReplayFault, ReplayOptions } from './replay';
export { testEntity } from './test-entity';
export type { TestEntity, TestEntityOptions } from './test-entity';
export { testHost } from './test-host';
export type { TestHost, TestHostOptions } from './test-host';
export type { Scheduled, ScheduledActivity, ScheduledTimer, State, View } from './view';
