import * as cedar from '@cedar-policy/cedar-wasm/web';
// By path: the package does not export it, and a Worker may not compile WebAssembly from bytes.
// @ts-expect-error its declarations describe the instance; a Worker's bundler gives the compiled module.
import wasm from '../../node_modules/@cedar-policy/cedar-wasm/web/cedar_wasm_bg.wasm';

export type {
  DetailedError,
  EntityJson,
  EntityUidJson,
  Expr,
  PolicyJson,
  StatefulAuthorizationCall,
} from '@cedar-policy/cedar-wasm/web';

let ready = false;

/** Cedar's own interface. Instantiated at the first use, so that a Worker that judges nothing starts without it (PERF-6). */
export function loadCedar(): typeof cedar {
  if (!ready) {
    cedar.initSync({ module: wasm });
    ready = true;
  }
  return cedar;
}
