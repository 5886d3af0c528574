FROM node:24-slim AS build
WORKDIR /app
# What the dependencies hang on comes first: a change of the sources installs nothing again.
COPY package.json package-lock.json ./
COPY deploy ./deploy
RUN npm ci --include=dev --ignore-scripts
COPY tsconfig.json tsconfig.build.json tsconfig.client.json tsconfig.library.json ./
COPY scripts ./scripts
COPY src ./src
RUN node scripts/prepare.mjs && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/deploy ./deploy
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY LICENSE ./
# For DATABASE_URL=sqlite:/data/calls.db, with a volume: a new one has the owner of what it covers.
RUN install -d -o node -g node /data
USER node
EXPOSE 3000
# Asks where the server listens, by HOST and PORT.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "-e", "const { HOST = '', PORT } = process.env; const name = HOST.replace(/^\\[|\\]$/g, ''); const host = ['', '0.0.0.0', '::'].includes(name) ? 'localhost' : name.includes(':') ? `[${name}]` : name; fetch(`http://${host}:${PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The flags: docs/operations.md, "Memory".
CMD ["node", "--max-semi-space-size=8", "--v8-pool-size=1", "dist/cli.js", "serve"]
