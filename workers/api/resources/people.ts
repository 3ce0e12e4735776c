import * as z from 'zod';
import {
  CreatedKey,
  CreateKeyRequest,
  CreateProjectRequest,
  CreateSubjectRequest,
  Key,
  Project,
  Subject,
} from '#contract/access.ts';
import { page } from '#contract/primitives.ts';
import { actorOf } from '#objects/pipeline/rpc.ts';
import { all, endpoint, json, noContent } from '../endpoint.ts';
import { made, repeatOf } from '../idempotency.ts';
import { controlOf, inScope, must } from '../scope.ts';

/** TEN-2: how long both keys work after a rotation; a week at most. */
const RotateRequest = z.strictObject({ overlap_s: z.int().min(0).max(604_800) });

export const people = [
  endpoint('POST /api/people', {
    summary: 'Add a person or a service that keys can belong to (TEN-5)',
    body: CreateSubjectRequest,
    answers: { 201: Subject },
    problems: ['idempotency_conflict'],
    handle: async (asked) =>
      made(await controlOf(asked).createSubject(actorOf(asked.caller), asked.body, repeatOf(asked))),
  }),
  endpoint('GET /api/people', {
    summary: 'Persons and services',
    query: z.strictObject({}),
    answers: { 200: page(Subject) },
    handle: async (asked) => json(200, all(await controlOf(asked).listSubjects())),
  }),
  endpoint('POST /api/projects', {
    summary: 'Add a project',
    body: CreateProjectRequest,
    answers: { 201: Project },
    problems: ['already_exists', 'idempotency_conflict'],
    handle: async (asked) =>
      made(await controlOf(asked).createProject(actorOf(asked.caller), asked.body.name, repeatOf(asked))),
  }),
  endpoint('GET /api/projects', {
    summary: 'Projects that the caller may see',
    query: z.strictObject({}),
    answers: { 200: page(Project) },
    async handle(asked) {
      const projects = await controlOf(asked).listProjects();
      return json(200, all(projects.filter((p) => inScope(asked.caller, p.project_id))));
    },
  }),
  endpoint('POST /api/keys', {
    summary: 'Make a key; its secret is shown this once (TEN-2)',
    body: CreateKeyRequest,
    answers: { 201: CreatedKey },
    problems: ['not_found', 'idempotency_conflict'],
    handle: async (asked) =>
      made(await controlOf(asked).createKey(actorOf(asked.caller), asked.body, repeatOf(asked))),
  }),
  endpoint('GET /api/keys', {
    summary: 'Keys, without their secrets',
    query: z.strictObject({}),
    answers: { 200: page(Key) },
    handle: async (asked) => json(200, all(await controlOf(asked).listKeys())),
  }),
  endpoint('POST /api/keys/{key_id}/rotate', {
    summary: 'A new key for an old one, which goes on for `overlap_s` seconds',
    body: RotateRequest,
    answers: { 201: CreatedKey },
    problems: ['not_found', 'idempotency_conflict'],
    handle: async (asked) =>
      made(
        await controlOf(asked).rotateKey(
          actorOf(asked.caller),
          asked.params.key_id ?? '',
          asked.body.overlap_s,
          repeatOf(asked),
        ),
      ),
  }),
  endpoint('DELETE /api/keys/{key_id}', {
    summary: 'Revoke a key at once, with the sessions that came from it',
    answers: { 204: null },
    problems: ['not_found'],
    async handle(asked) {
      must(await controlOf(asked).revokeKey(actorOf(asked.caller), asked.params.key_id ?? ''));
      return noContent();
    },
  }),
];
