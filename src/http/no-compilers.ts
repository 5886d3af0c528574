// Fastify loads its schema compilers (Ajv and fast-json-stringify, a fifth of the start) where it is
// given none. Here routes check their own input, and answers are text already.
const compile = (): never => {
  throw new Error('no schema is compiled here: a route checks its input itself');
};

/** For Fastify's `schemaController` option. */
export const NO_COMPILERS = {
  compilersFactory: { buildValidator: compile, buildSerializer: compile },
};
