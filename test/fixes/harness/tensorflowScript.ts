import { createRequire } from "node:module";
import { transform } from "esbuild";

/** The parts of @tensorflow/tfjs that are looked at: it is not among the project's own packages, so its types are not known here. */
interface Tensor {
  dataSync(): Float32Array;
  square(): Tensor;
  sum(): Tensor;
}
interface Optimizer {
  applyGradients(gradients: Readonly<Record<string, Tensor>> | readonly { readonly tensor: Tensor }[]): void;
}
type Args = readonly unknown[];
interface TensorFlow {
  readonly train: Record<"adam" | "rmsprop" | "sgd", (...args: Args) => Optimizer>;
  readonly losses: Record<string, (...args: Args) => unknown>;
  readonly layers: Record<"dense" | "dropout", (settings: Readonly<Record<string, unknown>>) => unknown>;
  readonly LayersModel: { readonly prototype: { fit(...args: unknown[]): unknown } };
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  memory(): { readonly numTensors: number };
  engine(): { reset(): void; readonly registeredVariables: Readonly<Record<string, Tensor>> };
  tidy<T>(work: () => T): T;
  randomNormal(shape: readonly number[], mean?: number, deviation?: number, type?: string, seed?: number): Tensor;
}

export interface ScriptTrace {
  /** Of the gradients that each step applies. */
  readonly norms: number[];
  /** Tensors that are held when a step is over. */
  readonly tensors: number[];
  readonly rates: unknown[];
  /** What softmaxCrossEntropy was given as logits. */
  readonly logits: number[][];
  readonly fits: Readonly<Record<string, unknown>>[];
  readonly layers: Readonly<Record<string, unknown>>[];
  /** Every variable at the end. */
  weights: number[];
  exports: Readonly<Record<string, unknown>>;
}

/**
 * Runs scripts of TensorFlow.js on its CPU backend, watched. A script exports `training`, the promise of its end. `libraries` is the
 * package.json beside which @tensorflow/tfjs is installed.
 */
export async function createTensorFlowRunner(libraries: string): Promise<(text: string) => Promise<ScriptTrace>> {
  const require = createRequire(libraries);
  const warn = console.warn;
  console.warn = () => {};
  const tf: TensorFlow = require("@tensorflow/tfjs");
  console.warn = warn;
  await tf.setBackend("cpu");
  await tf.ready();
  return async (text) => {
    const trace: ScriptTrace = {
      norms: [],
      tensors: [],
      rates: [],
      logits: [],
      fits: [],
      layers: [],
      weights: [],
      exports: {},
    };
    const { code } = await transform(text, { loader: "ts", format: "cjs" });
    const restore = watch(tf, trace);
    const module: { exports: Record<string, unknown> } = { exports: {} };
    let seed = 100;
    const randomNormal: TensorFlow["randomNormal"] = (shape, mean, deviation, type, given) => {
      seed += 1;
      return tf.randomNormal(shape, mean, deviation, type, given ?? seed);
    };
    const seeded = new Proxy(tf, {
      get: (target, name) => (name === "randomNormal" ? randomNormal : Reflect.get(target, name)),
    });
    try {
      new Function("require", "module", "exports", code)(
        (name: string) => (name === "@tensorflow/tfjs" ? seeded : require(name)),
        module,
        module.exports,
      );
      await module.exports.training;
      const variables = Object.values(tf.engine().registeredVariables);
      trace.weights = variables.flatMap((variable) => [...variable.dataSync()]);
      trace.exports = module.exports;
      return trace;
    } finally {
      restore();
      for (const variable of Object.values(tf.engine().registeredVariables)) {
        (variable as unknown as { dispose(): void }).dispose();
      }
    }
  };
}

function watch(tf: TensorFlow, trace: ScriptTrace): () => void {
  const undo: (() => void)[] = [];
  const replace = <Name extends string>(
    owner: Record<Name, (...args: never) => unknown>,
    name: Name,
    make: (original: (...args: Args) => unknown) => (...args: Args) => unknown,
  ): void => {
    const original = owner[name];
    owner[name] = make(original as (...args: Args) => unknown);
    undo.push(() => {
      owner[name] = original;
    });
  };
  for (const name of ["adam", "rmsprop", "sgd"] as const) {
    replace(tf.train, name, (original) => (...args) => {
      trace.rates.push(args[0]);
      return watchedOptimizer(tf, original(...args) as Optimizer, trace);
    });
  }
  replace(tf.losses, "softmaxCrossEntropy", (original) => (...args) => {
    trace.logits.push([...(args[1] as Tensor).dataSync()]);
    return original(...args);
  });
  for (const name of ["dense", "dropout"] as const) {
    replace(tf.layers, name, (original) => (...args) => {
      trace.layers.push(args[0] as Readonly<Record<string, unknown>>);
      return original(...args);
    });
  }
  const { prototype } = tf.LayersModel;
  const { fit } = prototype;
  prototype.fit = function (this: unknown, ...args: Args) {
    trace.fits.push(args[2] as Readonly<Record<string, unknown>>);
    return fit.apply(this, [...args]);
  };
  undo.push(() => {
    prototype.fit = fit;
  });
  return () => {
    for (const each of undo) each();
  };
}

function watchedOptimizer(tf: TensorFlow, optimizer: Optimizer, trace: ScriptTrace): Optimizer {
  const apply = optimizer.applyGradients.bind(optimizer);
  optimizer.applyGradients = (gradients) => {
    const all = Array.isArray(gradients) ? gradients.map(({ tensor }) => tensor) : Object.values(gradients);
    const squares = tf.tidy(() => all.map((gradient) => gradient.square().sum().dataSync()[0] ?? 0));
    trace.norms.push(Math.sqrt(squares.reduce((sum, each) => sum + each, 0)));
    apply(gradients);
    trace.tensors.push(tf.memory().numTensors);
  };
  return optimizer;
}
