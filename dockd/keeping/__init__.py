"""Why a recording is kept, and until when."""
