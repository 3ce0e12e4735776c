export { ACCESS, type Access, type EndpointName } from './access.ts';
export { createApp } from './app.ts';
export { ENDPOINTS } from './endpoints.ts';
export { dueForLook } from './look-due.ts';
export { lookAtServers } from './server-look.ts';
