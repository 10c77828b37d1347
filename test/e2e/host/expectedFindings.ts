/** All findings of the examples, in the order of the text. */
export const trainPyFindings: readonly string[] = [];

export const trainTsFindings: readonly string[] = [];
