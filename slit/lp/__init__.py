"""Linear and mixed-integer programs, whatever they are about; the only place for highspy."""
