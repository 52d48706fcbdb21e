/** What a model is opened on: an engine, and what knows mappings by their names. Pages give other ones than programs. */
import type { OpenSession, Session } from '../session/session.ts';
import type { Mapping } from '../weights/mapping.ts';

export interface Host {
  readonly engine: Session['engine'];
  readonly openSession: OpenSession;
  /** Gives a mapping by its name or path. Throws a SpadeworkError. */
  readonly mapping: (name: string) => Mapping;
}
