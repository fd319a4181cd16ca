"""measure.py SECONDS MEGABYTES COMMAND...: run a command and pass its exit status on; 99
and a line on standard error when it took longer, or when it or a child of it held more
memory than that."""
import resource
import subprocess
import sys
import time

seconds, megabytes = float(sys.argv[1]), float(sys.argv[2])
start = time.monotonic()
try:
    status = subprocess.run(sys.argv[3:], timeout=seconds).returncode
except subprocess.TimeoutExpired:
    print('measure.py: over %g s' % seconds, file=sys.stderr)
    sys.exit(99)
held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print('measure.py: %.1f s, %.0f MB' % (time.monotonic() - start, held), file=sys.stderr)
sys.exit(99 if held > megabytes else status)
