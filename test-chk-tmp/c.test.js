throw new Error('bug')
