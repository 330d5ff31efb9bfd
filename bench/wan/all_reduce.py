"""One rank of an all-reduce with Gloo: `all_reduce.py RANK RANKS ADDRESS BYTES WARM_UPS MERGES`. A line a merge on standard error."""
import os
import sys
import time
from datetime import timedelta

import torch
import torch.distributed as dist


def main():
    rank, ranks, address = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    size, warm_ups, merges = (int(word) for word in sys.argv[4:])
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"tcp://{address}:7400", rank=rank, world_size=ranks, timeout=timedelta(hours=1))
    tensor = torch.empty(size // 4, dtype=torch.float32)
    cpu = 0.0
    for number in range(1, warm_ups + merges + 1):
        tensor.fill_(rank + 1)
        began, used = time.perf_counter(), time.process_time()
        dist.all_reduce(tensor)
        took, used = time.perf_counter() - began, time.process_time() - used
        cpu += used if number > warm_ups else 0
        if not bool((tensor[::1021] == ranks * (ranks + 1) / 2).all()):
            sys.exit("the sum is wrong")
        print(f"merge {number}/{warm_ups + merges} {took:.6f} s", file=sys.stderr, flush=True)
    print(f"cpu {cpu:.6f}", file=sys.stderr, flush=True)
    dist.barrier()
    os._exit(0)  # with what Python takes apart at its end, Gloo's threads may abort


if __name__ == "__main__":
    main()
