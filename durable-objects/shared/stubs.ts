import type { PipelineRpc } from '../pipeline/rpc.ts';
import { pipelineObjectName } from '../pipeline/rpc.ts';
import type { LogRpc } from '../tenant/log/rpc.ts';
import { logObjectName } from '../tenant/log/rpc.ts';
import type { ControlRpc, DirectoryRpc, FeedRpc } from '../tenant/rpc.ts';
import { controlObjectName, feedObjectName } from '../tenant/rpc.ts';

/**
 * The one place where a binding becomes a typed interface. The platform's own stub types wrap every method's result and turn
 * `unknown` values into `never`; the interfaces in `rpc.ts` are what both sides are checked against.
 */
export interface ObjectNamespace {
  getByName(name: string): { fetch(request: Request): Promise<Response> };
}

/** Upgrade requests go through `fetch`; everything else is a method. */
export type Stub<T> = T & { fetch(request: Request): Promise<Response> };

export const pipelineStub = (namespace: ObjectNamespace, tenant: string, pipelineId: string) =>
  namespace.getByName(pipelineObjectName(tenant, pipelineId)) as unknown as Stub<PipelineRpc>;

export const controlStub = (namespace: ObjectNamespace, tenant: string) =>
  namespace.getByName(controlObjectName(tenant)) as unknown as Stub<ControlRpc>;

export const feedStub = (namespace: ObjectNamespace, tenant: string) =>
  namespace.getByName(feedObjectName(tenant)) as unknown as Stub<FeedRpc>;

export const logStub = (namespace: ObjectNamespace, tenant: string) =>
  namespace.getByName(logObjectName(tenant)) as unknown as Stub<LogRpc>;

export const directoryStub = (namespace: ObjectNamespace) =>
  namespace.getByName('directory') as unknown as Stub<DirectoryRpc>;
