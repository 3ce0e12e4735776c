/** Who did what the platform admin's key did, in a tenant's own log (TEN-5). */
export const PLATFORM_ACTOR = 'platform:admin';
