"""``python -m labcode.doctor``: the doctor on a machine where nothing is installed yet."""

import sys

from labcode.doctor.commands import main

sys.exit(main())
