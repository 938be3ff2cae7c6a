// CodeGen
