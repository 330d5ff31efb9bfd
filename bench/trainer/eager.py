"""The model of trainer_speed in plain eager PyTorch, the way a good training script writes it: the other side of compare.py.

Same sizes, same wheel, AdamW fused, gradients set to None. Reads one number of steps per line from standard input and
answers with "SECONDS LOSS". With --start FOLDER it takes the first parameters and the first batches that trainer_speed wrote.
"""

import argparse
import math
import sys
import time
import warnings

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width, bias=False)
        self.c_attn = nn.Linear(width, 3 * width, bias=False)
        self.attn_proj = nn.Linear(width, width, bias=False)
        self.ln_2 = nn.LayerNorm(width, bias=False)
        self.c_fc = nn.Linear(width, 4 * width, bias=False)
        self.mlp_proj = nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = self.c_attn(self.ln_1(x)).split(width, dim=2)
        q, k, v = (t.view(batch, length, self.heads, width // self.heads).transpose(1, 2) for t in (q, k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_proj(mixed.transpose(1, 2).contiguous().view(batch, length, width))
        return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class Gpt2(nn.Module):
    def __init__(self, vocabulary, context, layers, width, heads):
        super().__init__()
        self.wte = nn.Embedding(vocabulary, width)
        self.wpe = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width, bias=False)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.wte.weight
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                scale = 1 / math.sqrt(2 * layers) if "proj" in name else 1.0
                nn.init.normal_(parameter, std=0.02 * scale)

    def forward(self, tokens, targets):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.blocks:
            x = block(x)
        logits = self.head(self.ln_f(x))
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))

    def load_flat(self, path):
        """Parameters in canonical order; matrices of linear layers are [in, out] there."""
        flat = torch.from_file(path, dtype=torch.float32, size=sum(p.numel() for p in self.parameters()))
        tied = self.wte.weight
        offset = 0
        for parameter in [tied, self.wpe.weight] + [p for b in self.blocks for p in b.parameters()] + [self.ln_f.weight]:
            part = flat[offset : offset + parameter.numel()]
            offset += parameter.numel()
            linear = parameter.dim() == 2 and parameter is not tied and parameter is not self.wpe.weight
            value = part.view(parameter.shape[1], parameter.shape[0]).t() if linear else part.view(parameter.shape)
            with torch.no_grad():
                parameter.copy_(value)


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    for name, default in (("layers", 4), ("width", 128), ("heads", 4), ("context", 64), ("batch", 12), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--start", help="folder that trainer_speed --write wrote")
    return parser.parse_args()


def main():
    arguments = read_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    with open(arguments.data, encoding="utf-8") as file:
        text = file.read()
    alphabet = {c: i for i, c in enumerate(sorted(set(text)))}
    data = torch.tensor([alphabet[c] for c in text[: int(len(text) * 0.9)]], dtype=torch.int64)
    context, batch = arguments.context, arguments.batch
    model = Gpt2(len(alphabet), context, arguments.layers, arguments.width, arguments.heads)
    batches = None
    if arguments.start:
        model.load_flat(arguments.start + "/parameters")
        with open(arguments.start + "/batches", "rb") as file:
            stored = torch.frombuffer(bytearray(file.read()), dtype=torch.int16).to(torch.int64)
        batches = stored.view(-1, batch, context + 1)
    groups = [
        {"params": [p for p in model.parameters() if p.dim() == 2], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.99), eps=1e-8, fused=True)

    def draw(step):
        if batches is not None:
            return batches[step, :, :-1].contiguous(), batches[step, :, 1:].contiguous()
        starts = torch.randint(len(data) - context, (batch,)).tolist()
        inputs = torch.stack([data[i : i + context] for i in starts])
        return inputs, torch.stack([data[i + 1 : i + 1 + context] for i in starts])

    print(f"eager PyTorch {torch.__version__}, {sum(p.numel() for p in model.parameters())} parameters", flush=True)
    step = 0
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)):
            inputs, targets = draw(step)
            loss = model(inputs, targets)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
        seconds = time.perf_counter() - start
        print(f"{seconds:.9f} {loss.item():.9f}", flush=True)


if __name__ == "__main__":
    main()
