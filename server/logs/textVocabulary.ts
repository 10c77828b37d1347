/** Words that make a name in a text log a measured quantity of training. */
const measured = new Set(
  "loss losses nll bce ce kl elbo mse mae rmse rmsle entropy perplexity ppl bpc bpb acc accuracy precision recall f1 auc auroc iou miou dice map map50 ap psnr ssim fid bleu rouge wer cer reward rewards return returns score grad grads gradient gradients gnorm grdn norm lr hella trl tel error err top1 top5".split(
    " ",
  ),
);

/** Words of settings, file names and summaries: a name with one of them is no measurement of this step. */
const settings = new Set(
  "weight weights coef coeff coefficient alpha lambda fn function type name path dir file size seed num best lowest highest min max target patience threshold improved factor decay warmup interval every gpu rank pid world worker workers total_params params parameters version".split(
    " ",
  ),
);

/** Words before a number that place a record: steps, epochs, and what else counts upwards. */
const places =
  /^(?:train(?:ing)? |val(?:id(?:ation)?)? |eval |test |total |global |current |env |consumed )?(?:step|steps|global_step|iter|iters|iteration|iterations|it|itr|update|updates|batch|s|episode|epoch|ep|epch|samples|tokens|smpl)$/;

function words(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word.length > 0);
}

/** True for `Train Loss`, `grad_norm`, `Prec@1`, `lm loss`; false for `loss_weight`, `Best loss`, `batch size`. */
export function isMeasured(name: string): boolean {
  const parts = words(name);
  const lower = name.toLowerCase();
  return (
    (parts.some((word) => measured.has(word)) ||
      /loss$|^loss|^prec|learning.rate|grad|_acc$|^adam_rms$|^update_ratio$/.test(lower)) &&
    !parts.some((word) => settings.has(word) && !(word === "weight" && parts.includes("norm")))
  );
}

/** True for `step`, `Epoch`, `Train Epoch`, `consumed samples`. */
export function isPlace(name: string): boolean {
  return places.test(name.trim().toLowerCase());
}

/** True for `train` and `val` alone, which stand for the loss where nothing else is printed. */
export function isBarePhase(name: string): boolean {
  return /^(train|val|valid|test|eval|hella)$/i.test(name.trim());
}
