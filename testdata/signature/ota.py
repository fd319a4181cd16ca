"""ota.py OUT: the zip archive ./signed, less the size of its comment, with ./message in its
comment, as SignApk -w puts it there. TEXT in the environment is what comes before the
message, with the magic of an end record for @."""
import os, sys
signed, message = open('signed', 'rb').read(), open('message', 'rb').read()
text = os.environb.get(b'TEXT', b'signed by SignApk').replace(b'@', b'PK\5\6') + b'\0'
start = len(message) + 6
size = len(text) + start
two = lambda n: n.to_bytes(2, 'little')
open(sys.argv[1], 'wb').write(signed + two(size) + text + message + two(start) + b'\xff\xff' + two(size))
