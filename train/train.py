"""Trains a model through a part of the curriculum.

    python3 train/train.py DATA_FOLDER OUT.safetensors --plan read:2600,listen:1200 --rate 1:0.25

`--plan` names parts of mix.py and how many steps each takes. The learning rate rises over the first
steps, stays, and then falls in a straight line from `--fall-from` (a share of all steps) on; `--rate`
gives the two heights as factors of the peak, so that a second run can go on where the first one ended.
"""
import argparse
import contextlib
import json
import pathlib
import time

import torch
import torch.nn.functional as F

import checkpoint
import measure
import q3k
from batches import Batches
from model import SHAPES, Ember
from optimizer import Optimizer

PEAK_RATE = 5e-3
WARM_UP_STEPS = 100
HALVES = ["heldout_stories", "heldout_dialogues"]


class Losses(torch.nn.Module):
    """Weighted mean of the tokens' losses; with a teacher, its predictions are followed as well."""

    def __init__(self, model, teacher=None, teacher_share=0.7):
        super().__init__()
        self.model, self.teacher, self.teacher_share = model, teacher, teacher_share

    def forward(self, ids, targets, weights):
        weights = weights / weights.sum().clamp(min=1)
        logits = self.model(ids).float()
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        own = (loss * weights.flatten()).sum()
        if self.teacher is None:
            return own, own.detach()
        with torch.no_grad():
            wanted = self.teacher(ids).float().softmax(-1)
        followed = -(wanted * logits.log_softmax(-1)).sum(-1)
        both = self.teacher_share * (followed * weights).sum() + (1 - self.teacher_share) * own
        return both, own.detach()


def parse_plan(text):
    plan = []
    for item in text.split(","):
        part, steps = item.split(":")
        plan += [part] * int(steps)
    return plan


def rate_at(step, n_steps, peak, first, last, fall_from):
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    start = fall_from * n_steps
    fallen = max(0.0, (step - start) / max(1.0, n_steps - start))
    return peak * warm * (first + (last - first) * fallen)


def load_model(name, path, device, dropout=0.0):
    model = Ember(SHAPES[name], dropout).to(device)
    if path:
        model.load_state_dict(checkpoint.load(path))
    return model


def save_model(path, model):
    """In bfloat16: these rounded weights are the model from here on."""
    checkpoint.save(path, {name: p.detach().bfloat16() for name, p in model.named_parameters()})


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("out")
    parser.add_argument("--plan", required=True)
    parser.add_argument("--model", default="ember", choices=SHAPES)
    parser.add_argument("--start", help="weights to begin with")
    parser.add_argument("--teacher", help="weights of ember, for the draft model to follow")
    parser.add_argument("--peak", type=float, default=PEAK_RATE)
    parser.add_argument("--rate", default="1:0")
    parser.add_argument("--fall-from", type=float, default=0.5)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--report-every", type=int, default=100)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--q3k", action="store_true", help="compute with the matrices as Q3_K holds them")
    parser.add_argument("--no-compile", action="store_true")
    arguments = parser.parse_args()

    began = time.time()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(arguments.seed)
    torch.set_float32_matmul_precision("high")
    model = load_model(arguments.model, arguments.start, device, arguments.dropout)
    teacher = load_model("ember", arguments.teacher, device) if arguments.teacher else None
    if teacher:
        teacher.requires_grad_(False).eval()
    losses = Losses(model, teacher)
    run = losses if arguments.no_compile else torch.compile(losses)
    optimizer = Optimizer(model)
    rounding = q3k.Rounding(model, not arguments.no_compile) if arguments.q3k else contextlib.nullcontext()
    batches = Batches(arguments.data, device, arguments.seed)
    heldout = measure.HeldOut(arguments.data, device)
    plan = parse_plan(arguments.plan)
    first, last = (float(x) for x in arguments.rate.split(":"))
    log, sums, marked = [], torch.zeros((), device=device), None
    n_parameters = sum(p.numel() for p in model.parameters())
    print(f"{arguments.model}: {n_parameters:,} parameters, {len(plan)} steps of "
          f"{arguments.rows * model.shape.n_context:,} tokens", flush=True)

    for step, part in enumerate(plan):
        ids, targets, weights = batches.take(part, arguments.rows)
        with rounding:
            with torch.autocast(device, dtype=torch.bfloat16):
                loss, own = run(ids, targets, weights)
            loss.backward()
        rate = rate_at(step, len(plan), arguments.peak, first, last, arguments.fall_from)
        optimizer.step(rate)
        sums += own
        if step == 4:  # compiled and warm
            sums.item()
            marked = (time.time(), step)
            print(f"first steps after {marked[0] - began:.0f} s", flush=True)
        is_last = step + 1 == len(plan)
        if (step + 1) % arguments.report_every == 0 or is_last:
            mean = sums.item() / ((step % arguments.report_every) + 1)
            speed = 0.0
            if marked:
                speed = (step - marked[1]) * ids.numel() / (time.time() - marked[0])
            row = {"step": step + 1, "part": part, "loss": round(mean, 4), "rate": round(rate, 6),
                   "tokens_per_second": int(speed), "seconds": round(time.time() - began, 1)}
            if is_last or (step + 1) % (5 * arguments.report_every) == 0:
                model.eval()
                with rounding, torch.autocast(device, dtype=torch.bfloat16):
                    row.update(heldout.bits_per_byte(model, HALVES))
                model.train()
            log.append(row)
            print(json.dumps(row), flush=True)
            sums.zero_()
        if is_last:
            break
    save_model(arguments.out, model)
    pathlib.Path(arguments.out).with_suffix(".log.json").write_text(json.dumps(log))
    print(f"saved after {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
