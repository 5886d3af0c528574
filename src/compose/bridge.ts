// @ts-nocheck
export function nest(s): any {
  return {
    identity: s.userOf
      ? { by: 'host', userOf: s.userOf }
      : {
          by: s.firebaseAuthEmulatorHost !== undefined ? 'emulator' : 'google',
          projectId: s.firebaseProjectId,
          checkRevoked: s.checkRevoked ? s.firebaseApp : undefined,
          keysUrl: s.firebaseKeysUrl,
        },
    accounts: {
      anonymousUsers: s.anonymousUsers,
      emailVerified: s.emailVerified,
      tenantIds: s.firebaseTenantIds,
    },
    appCheck:
      s.appCheck === 'off'
        ? { mode: 'off' }
        : {
            mode: s.appCheck,
            projectId: s.firebaseProjectId,
            appIds: s.appCheckAppIds,
            keysUrl: s.appCheckKeysUrl,
            consume: s.appCheckConsume ? s.firebaseApp : undefined,
          },
    access: s.authorizeRoom
      ? { rule: 'host', authorizeRoom: s.authorizeRoom }
      : s.roomAccess === 'http'
        ? { rule: 'http', url: s.accessUrl, secret: s.accessSecret }
        : s.roomAccess === 'firestore'
          ? {
              rule: 'firestore',
              app: s.firebaseApp,
              roomPath: s.firestoreRoomPath,
              membersField: s.firestoreMembersField,
            }
          : { rule: s.roomAccess },
    livekit: { keys: s.livekitKeys, url: s.livekitUrl, tokenTtlSeconds: s.livekitTokenTtlSeconds },
    limits: {
      tokenRatePerMinute: s.tokenRatePerMinute,
      authFailuresPerMinute: s.authFailuresPerMinute,
      redisUrl: s.redisUrl,
    },
    front: { basePath: s.basePath, corsOrigins: s.corsOrigins, trustProxy: s.trustProxy },
    logger: s.logger,
  };
}
