import library from './index.cjs';

export const { createSwitchboard, ERROR_CODES, SwitchboardError } = library;
