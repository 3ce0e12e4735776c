import { err, ok, type Result } from '#domain/result.ts';
import { row, rows, run } from '../shared/sql.ts';
import type { ControlError } from './rpc.ts';
import { newId } from './secret.ts';
import { type ControlStore, iso, recordChange } from './store.ts';

type SubjectRow = {
  subject_id: string;
  name: string;
  kind: 'person' | 'service';
  email: string | null;
  created_at: number;
};
type ProjectRow = { project_id: string; name: string; created_at: number };

const subject = (r: SubjectRow) => ({ ...r, created_at: iso(r.created_at) });
const project = (r: ProjectRow) => ({ ...r, created_at: iso(r.created_at) });

/** TEN-5: every key belongs to a named person or service. */
export function createSubject(
  store: ControlStore,
  actor: string,
  a: { name: string; kind: 'person' | 'service'; email?: string },
) {
  const created: SubjectRow = {
    subject_id: newId(a.kind === 'person' ? 'ps' : 'sv'),
    name: a.name,
    kind: a.kind,
    email: a.email ?? null,
    created_at: store.now(),
  };
  run(
    store.sql,
    'INSERT INTO subjects (subject_id, name, kind, email, created_at) VALUES (?, ?, ?, ?, ?)',
    created.subject_id,
    created.name,
    created.kind,
    created.email,
    created.created_at,
  );
  recordChange(store, actor, 'subject_created', { subject_id: created.subject_id, kind: a.kind });
  return subject(created);
}

export const listSubjects = (store: ControlStore) =>
  rows<SubjectRow>(store.sql, 'SELECT * FROM subjects ORDER BY created_at, subject_id').map(subject);

export const hasSubject = (store: ControlStore, subjectId: string): boolean =>
  row(store.sql, 'SELECT 1 AS found FROM subjects WHERE subject_id = ?', subjectId) !== undefined;

export function createProject(
  store: ControlStore,
  actor: string,
  name: string,
): Result<ReturnType<typeof project>, ControlError> {
  if (row(store.sql, 'SELECT 1 AS found FROM projects WHERE name = ?', name))
    return err({ code: 'already_exists', detail: `A project named “${name}” exists already.` });
  const created: ProjectRow = { project_id: newId('pj'), name, created_at: store.now() };
  run(
    store.sql,
    'INSERT INTO projects (project_id, name, created_at) VALUES (?, ?, ?)',
    created.project_id,
    created.name,
    created.created_at,
  );
  recordChange(store, actor, 'project_created', { project_id: created.project_id, name });
  return ok(project(created));
}

export const listProjects = (store: ControlStore) =>
  rows<ProjectRow>(
    store.sql,
    'SELECT project_id, name, created_at FROM projects ORDER BY created_at, rowid',
  ).map(project);

export const hasProject = (store: ControlStore, projectId: string): boolean =>
  row(store.sql, 'SELECT 1 AS found FROM projects WHERE project_id = ?', projectId) !== undefined;

/** The tenant's first project, made with the tenant: where a spawn goes that names none. */
export const defaultProject = (store: ControlStore): string =>
  row<{ project_id: string }>(store.sql, 'SELECT project_id FROM projects ORDER BY created_at, rowid LIMIT 1')
    ?.project_id ?? '';
