// `import 'heapkit/register'` does what HEAPKIT_* say and exports nothing.
export {}
