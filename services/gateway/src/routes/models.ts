import type { ListObject, ModelObject } from '@residency/protocol';
import type { BaseModel, ModelsFolder } from '@residency/storage';
import type { FastifyInstance } from 'fastify';

const toModelObject = ({ name, createdAt }: BaseModel): ModelObject => ({
  object: 'model',
  id: name,
  created: createdAt,
  owned_by: 'residency',
});

/** Routes of the base models that jobs can name. */
export function addModelRoutes(app: FastifyInstance, models: ModelsFolder): void {
  app.get('/v1/models', async (): Promise<ListObject<ModelObject>> => {
    return { object: 'list', data: (await models.list()).map(toModelObject), has_more: false };
  });
  app.get<{ Params: { readonly id: string } }>('/v1/models/:id', async (request) =>
    toModelObject(await models.find(request.params.id)),
  );
}
