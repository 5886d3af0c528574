FROM node:24-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --include=dev && npm prune --omit=dev

FROM node:24-slim
ENV NODE_ENV=production PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The flags: docs/operations.md, "Memory".
CMD ["node", "--max-semi-space-size=8", "--v8-pool-size=1", "dist/cli.js", "serve"]
